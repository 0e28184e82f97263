import { fromHex, toHex } from "@palmtree/wire";
import { checkRefusal, type FuzzTarget, promise } from "@palmtree/wire/fuzz";
import { Bitmap } from "../../src/core/bitmap.js";

/** A bitmap as a neighbour sends it. */
interface BitmapInput {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly isShort: boolean;
}

/** `Bitmap.fromBytes` and `Bitmap.fromShortBytes`. */
export const bitmapTarget: FuzzTarget<BitmapInput> = {
  name: "bitmap",
  promise: "reading a bitmap throws frame-malformed or nothing, and what it takes has one encoding",
  mostMs: 100,
  draw: (draw) => {
    const size = draw.integer(0, draw.chance(0.95) ? 300 : 2 ** 24);
    const right = Math.ceil(size / 8);
    const length = Math.max(0, draw.chance(0.7) ? right : right + draw.below(5) - 2);
    const bytes = draw.bytes(Math.min(length, 5_000));
    if (draw.chance(0.7) && size % 8 !== 0 && bytes.length === right)
      bytes[right - 1] = (bytes[right - 1] as number) & (255 >> (8 - (size % 8)));
    const isShort = draw.chance(0.5);
    const cut = isShort && draw.chance(0.5) ? draw.below(length + 1) : length;
    return { bytes: bytes.slice(0, cut), size, isShort };
  },
  check: ({ bytes, size, isShort }) => {
    let bitmap: Bitmap;
    try {
      bitmap = isShort ? Bitmap.fromShortBytes(bytes, size) : Bitmap.fromBytes(bytes, size);
    } catch (error) {
      checkRefusal(error, "frame-malformed", "remote");
      return "refused";
    }
    const again = isShort ? bitmap.toShortBytes() : bitmap.toBytes();
    promise(Buffer.compare(again, bytes) === 0, "another encoding");
    promise(bitmap.end <= size && bitmap.count <= bitmap.end, "an index beyond the end");
    return "accepted";
  },
  write: ({ bytes, ...rest }) => ({ hex: toHex(bytes), ...rest }),
  read: (kept) => {
    const { hex, ...rest } = kept as unknown as BitmapInput & { hex: string };
    return { ...rest, bytes: fromHex(hex) };
  },
};
