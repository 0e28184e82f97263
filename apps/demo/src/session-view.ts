import { checkSpanningTree, renderTree } from "@palmtree/topology";
import type { CommandEvent } from "./palmtree-command.js";
import type { Screen } from "./screen.js";

/** Where nothing is live, a line of progress each time that so much more has arrived. */
const stepPercent = 20;

const barWidth = 40;

/** Shows how the session goes: the tree, then progress. */
export class SessionView {
  readonly #screen: Screen;
  /** What a peer is called, by its address. */
  readonly #nameOf: ReadonlyMap<string, string>;
  readonly #chunksHeld = new Map<string, number>();
  #shownPercent = 0;
  #completeCount = 0;
  /** Whether the tree is known: it is shown before progress is. */
  #hasTree = false;
  #isDrawn = false;

  constructor(screen: Screen, nameOf: ReadonlyMap<string, string>) {
    this.#screen = screen;
    this.#nameOf = nameOf;
  }

  show(event: CommandEvent): void {
    if (event.type === "tree") this.#showTree(event);
    else if (event.type === "progress") this.#onProgress(event);
    else if (event.type === "peer-ended") this.#onPeerEnded(event);
    else if (event.type === "result") this.#screen.live("");
  }

  #showTree({ peers }: CommandEvent): void {
    const { dim, green } = this.#screen.colors;
    const parents: (number | null)[] = [];
    const names: string[] = [];
    for (const { number, parent, address } of peers) {
      parents[number] = parent;
      names[number] = `${this.#nameOf.get(address) ?? "sender"}  ${dim(address)}`;
    }
    this.#hasTree = true;
    // A peer that failed before it had a place leaves a gap: then there is no tree to draw.
    if (this.#isDrawn || checkSpanningTree(parents) !== undefined) return;
    this.#isDrawn = true;
    this.#screen.line("The tree that the processes built among themselves:");
    this.#screen.line();
    const drawn = renderTree(parents, (number) => names[number] ?? String(number));
    for (const line of drawn.split("\n")) this.#screen.line(`  ${green(line)}`);
    this.#screen.line();
  }

  #onProgress({ peers, chunkCount }: CommandEvent): void {
    for (const { address, chunksHeld } of peers)
      this.#chunksHeld.set(address, chunksHeld / Math.max(1, chunkCount));
    this.#showProgress();
  }

  #onPeerEnded({ address, status, error }: CommandEvent): void {
    if (status === "complete") this.#completeCount += 1;
    else {
      const name = this.#nameOf.get(address) ?? address;
      this.#screen.line(this.#screen.colors.red(`${name} failed: ${error?.message ?? ""}`));
    }
    this.#chunksHeld.set(address, status === "complete" ? 1 : 0);
    this.#showProgress();
  }

  #showProgress(): void {
    if (!this.#hasTree) return;
    const sum = [...this.#chunksHeld.values()].reduce((total, share) => total + share, 0);
    const share = sum / this.#nameOf.size;
    const isOver = this.#completeCount === this.#nameOf.size;
    // The last chunk is not the end: what has arrived is still to be put under its name.
    const percent = isOver ? 100 : Math.min(99, Math.floor(100 * share));
    const filled = Math.round(barWidth * share);
    const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
    const complete = `${this.#completeCount} of ${this.#nameOf.size} complete`;
    const text = `  ${bar}  ${String(percent).padStart(3)} %   ${complete}`;
    this.#screen.live(text);
    if (this.#screen.isLive || percent < this.#shownPercent + stepPercent) return;
    this.#shownPercent = percent - (percent % stepPercent);
    this.#screen.line(text);
  }
}
