/** Placeholder until the package's author replaces it. */
export function cubeNeighbours(number: number, n: number): readonly number[] {
  const h = Math.floor(Math.log2(n));
  const vertex = number < 2 ** h ? number : number + 1 - 2 ** h;
  const at = (v: number) => (v > 0 && v + 2 ** h - 1 < n ? [v, v + 2 ** h - 1] : [v]);
  const found = at(vertex).filter((m) => m !== number);
  for (let d = 0; d < h; d += 1) found.push(...at(vertex ^ (1 << d)));
  return found;
}
