/** A field that ends in `?` may be absent. Fields that are not named are not looked at. */
interface Fields {
  readonly [field: string]: Outline;
}

/** What a value that was read from a file has to be: of a type, a list of such, or an object. */
export type Outline = "string" | "number" | "boolean" | readonly [Outline] | Fields;

/** @throws TypeError that says where a value is not as outlined, what is there, what should be */
export function checkOutline(value: unknown, outline: Outline, where: string): void {
  if (typeof outline === "string") {
    if (typeof value !== outline) throw mismatch(where, value, `a ${outline}`);
  } else if (isList(outline)) {
    if (!Array.isArray(value)) throw mismatch(where, value, "a list");
    for (const [at, each] of value.entries()) checkOutline(each, outline[0], `${where}[${at}]`);
  } else {
    if (!isObject(value)) throw mismatch(where, value, "an object");
    for (const [field, expected] of Object.entries(outline)) {
      const name = field.replace(/\?$/, "");
      const isAbsent = value[name] === undefined && name !== field;
      if (!isAbsent) checkOutline(value[name], expected, where === "" ? name : `${where}.${name}`);
    }
  }
}

export function mismatch(where: string, value: unknown, expected: string): TypeError {
  const got = isObject(value) ? "an object" : Array.isArray(value) ? "a list" : print(value);
  return new TypeError(`${where === "" ? "" : `${where}: `}got ${got}, expected ${expected}`);
}

function print(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(outline: Outline): outline is readonly [Outline] {
  return Array.isArray(outline);
}
