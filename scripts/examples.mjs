/**
 * Code that a README promises to run, in a fence tagged ```js example or ```sh example.
 * @typedef {{ language: "js" | "sh", code: string }} Example
 */

/**
 * The runnable examples of a Markdown text, in order.
 * @param {string} markdown
 * @returns {Example[]}
 */
export function examplesOf(markdown) {
  const fences = markdown.matchAll(/^```(js|sh) example[ \t]*\r?\n([\s\S]*?)^```[ \t]*$/gm);
  return Array.from(fences, ([, language, code = ""]) => ({
    language: language === "js" ? "js" : "sh",
    code,
  }));
}
