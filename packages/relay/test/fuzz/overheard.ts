import type { Address, ControlMessage, Frame, PeerId } from "@palmtree/wire";
import {
  type Draw,
  datagramShapes,
  frameShapes,
  type MessageShape,
  type Seen,
  type Shape,
} from "@palmtree/wire/fuzz";

/** Values of one kind that are remembered; the oldest make room. */
const mostValues = 64;
/** Whole messages that are remembered, to be said again. */
const mostMessages = 128;

/** Names of fields whose values mean the same thing. */
const kinds: Readonly<Record<string, string>> = {
  parent: "number",
  sources: "number",
  peer: "id",
  sender: "id",
  first: "index",
  firstChunk: "index",
  chunksHeld: "index",
};

/**
 * What hostile peers know: everything that was said to them and by them. Of this they make messages
 * that fit the session - its numbers, ids, tokens, revisions, chunks - in places where they do not.
 */
export class Overheard implements Seen {
  readonly datagrams: ControlMessage[] = [];
  readonly frames: Frame[] = [];
  /** Who was met at which address. */
  readonly ids: Map<Address, PeerId> = new Map();
  readonly #values = new Map<string, unknown[]>();
  readonly #payloads = new Map<string, Uint8Array[]>();

  noteDatagram(message: ControlMessage): void {
    this.#note(datagramShapes, message);
    keep(this.datagrams, message, mostMessages);
  }

  noteFrame(frame: Frame): void {
    this.#note(frameShapes, frame);
    keep(this.frames, frame, mostMessages);
    if ("payload" in frame) keep(listIn(this.#payloads, frame.type), frame.payload, mostValues);
  }

  /** That peer is there. */
  noteWho(address: Address, id: PeerId): void {
    this.ids.set(address, id);
    this.noteValue("address", address);
    this.noteValue("id", id);
  }

  noteValue(name: string, value: unknown): void {
    const list = listIn(this.#values, kinds[name] ?? name);
    if (!list.includes(value)) keep(list, value, mostValues);
  }

  recall(name: string, shape: Shape, draw: Draw): unknown {
    // The types are few: drawing them tries more than what was heard.
    if (shape.type === "code" || shape.type === "bool" || draw.chance(0.25)) return undefined;
    const list = this.#values.get(kinds[name] ?? name);
    if (list === undefined) return undefined;
    let value = draw.pick(list);
    if (typeof value === "number" && draw.chance(0.2)) value += draw.below(3) - 1;
    return fits(shape, value) ? value : undefined;
  }

  recallPayload(type: string, draw: Draw): Uint8Array | undefined {
    const list = this.#payloads.get(type);
    return list === undefined || draw.chance(0.2) ? undefined : draw.pick(list);
  }

  #note(shapes: readonly MessageShape[], message: { readonly type: string }): void {
    const shape = shapes.find(({ type }) => type === message.type);
    for (const [name, field] of shape?.fields ?? [])
      this.#noteField(name, field, Reflect.get(message, name));
  }

  #noteField(name: string, shape: Shape, value: unknown): void {
    if (shape.type === "list" && Array.isArray(value))
      for (const each of value) this.#noteField(name, shape.item, each);
    else if (shape.type === "flat" && Array.isArray(value)) {
      for (const each of value as object[])
        for (const [part, of] of shape.parts) this.#noteField(part, of, Reflect.get(each, part));
    } else if (shape.type === "peer" && typeof value === "object" && value !== null)
      for (const [part, each] of Object.entries(value)) this.noteValue(part, each);
    else this.noteValue(name, value);
  }
}

function fits(shape: Shape, value: unknown): boolean {
  switch (shape.type) {
    case "uint":
      return typeof value === "number" && value >= shape.min && value <= shape.max;
    case "bin":
      if (!shape.isHex) return value instanceof Uint8Array && value.length === shape.length;
      return typeof value === "string" && value.length === 2 * shape.length;
    case "text":
      return typeof value === "string" && value.length * 3 <= shape.maxBytes;
    default:
      return false;
  }
}

function listIn<T>(map: Map<string, T[]>, key: string): T[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

function keep<T>(list: T[], value: T, most: number): void {
  if (list.length >= most) list.shift();
  list.push(value);
}
