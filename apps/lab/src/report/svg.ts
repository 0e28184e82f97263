/** Attributes of an element; numbers are rounded to what a screen can show. */
export type Attributes = Readonly<Record<string, string | number>>;

/** An element of SVG; `content` is SVG already. */
export function element(name: string, attributes: Attributes, content = ""): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeText(String(shorten(value)))}"`,
  );
  const start = `<${name}${written.join("")}`;
  return content === "" ? `${start}/>` : `${start}>${content}</${name}>`;
}

/** A line of text that begins, or with `text-anchor` ends, at a place. */
export function label(text: string, attributes: Attributes): string {
  return element("text", attributes, escapeText(text));
}

function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function shorten(value: string | number): string | number {
  return typeof value === "number" ? Math.round(value * 10) / 10 : value;
}
