import {
  type Address,
  type ControlMessage,
  type Datagram,
  type Frame,
  nobody,
  type PeerId,
  type SessionId,
} from "@palmtree/wire";
import { type Draw, datagramShapes, drawMessage, frameShapes } from "@palmtree/wire/fuzz";
import type { NetworkPort } from "../../src/sim/network/attachment.js";
import type { Pipe, PipeEnd, PipeEndName } from "../../src/sim/network/pipe.js";
import type { HostileNetwork } from "./hostile-network.js";
import { type Act, drawAct, type Mischief } from "./mischief.js";
import type { Overheard } from "./overheard.js";

/** What nobody can forge once the root signs it; until then a neighbour that does is believed. */
const forgeable: readonly string[] = ["hashes", "seal"];
const areSigned = frameShapes.some(
  ({ type, fields }) => type === "seal" && fields.some(([name]) => name === "signature"),
);
const drawnFrames = frameShapes.filter(({ type }) => areSigned || !forgeable.includes(type));

/** Messages of a flood: as many as a host sends in a moment. */
const floodCount = 100;
/** Connections that it opens of its own, at most. */
const mostDials = 50;

interface Line {
  readonly pipe: Pipe;
  readonly end: PipeEndName;
}

/**
 * Sits in one host, whose own machine takes part in the session as it should: so the imp has
 * neighbours, tokens and links, knows what goes on, and says something else.
 */
export class Imp {
  readonly address: Address;
  readonly #network: HostileNetwork;
  readonly #draw: Draw;
  readonly #mischief: Mischief;
  readonly #heard: Overheard;
  readonly #lines = new Set<Line>();
  #identity: { readonly session: SessionId; readonly sender: PeerId } | undefined;
  #counter = 1_000_000;
  #dials = 0;
  #isActive = false;

  constructor(
    address: Address,
    network: HostileNetwork,
    how: { readonly draw: Draw; readonly mischief: Mischief; readonly heard: Overheard },
  ) {
    this.address = address;
    this.#network = network;
    this.#draw = how.draw;
    this.#mischief = how.mischief;
    this.#heard = how.heard;
  }

  /** From the first time on that its machine says something it is awake. */
  get #isOver(): boolean {
    return this.#network.timeline.now >= this.#mischief.untilMs;
  }

  #wake(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.#actLater();
    const { timeline } = this.#network;
    if (this.#mischief.vanishes)
      timeline.at(this.#mischief.untilMs, () => this.#network.vanish(this.address));
  }

  #actLater(): void {
    const { timeline } = this.#network;
    const pauseMs = this.#mischief.everyMs * (0.5 + this.#draw.below(1_000) / 1_000);
    timeline.later(pauseMs, () => {
      if (this.#isOver) return;
      const act = drawAct(this.#mischief, this.#draw);
      if (act === undefined) return;
      if (timeline.now >= (this.#mischief.fromMs ?? 0)) this.#do(act);
      this.#actLater();
    });
  }

  /** Its machine sends a datagram. */
  sendDatagram(to: Address, datagram: Datagram): void {
    const { session, sender, receiver, message } = datagram;
    this.#identity = { session, sender };
    if (receiver !== nobody) this.#heard.noteWho(to, receiver);
    this.#heard.noteDatagram(message);
    this.#wake();
    if (this.#isOver) return this.#network.deliver(this.address, to, datagram);
    const { dropDatagram, changeDatagram, repeat } = this.#mischief;
    if (this.#draw.chance(dropDatagram)) return;
    const said = this.#draw.chance(changeDatagram) ? this.#changed(message) : message;
    for (let times = this.#draw.chance(repeat) ? 2 : 1; times > 0; times -= 1)
      this.#network.deliver(this.address, to, { ...datagram, message: said });
  }

  /** Stands between the network and the host's own ear. */
  listening(port: NetworkPort): NetworkPort {
    return {
      onDatagram: (from, datagram) => {
        this.#heard.noteDatagram(datagram.message);
        this.#heard.noteWho(from, datagram.sender);
        port.onDatagram(from, datagram);
      },
      onAccept: (pipe) => this.onPipe({ pipe, end: "accepter" }, port.onAccept(pipe)),
    };
  }

  /** Stands at the end of a connection: hears what comes, and changes what its machine sends. */
  onPipe(line: Line, end: PipeEnd): PipeEnd {
    this.#lines.add(line);
    const { pipe } = line;
    const send = pipe.send.bind(pipe);
    pipe.send = (from, frame) => {
      if (from === line.end) for (const each of this.#said(frame)) send(from, each);
      else send(from, frame);
    };
    return {
      onOpen: () => end.onOpen(),
      onFrame: (frame) => {
        this.#heard.noteFrame(frame);
        end.onFrame(frame);
      },
      onSent: (frame) => end.onSent(frame),
      onClose: () => {
        this.#lines.delete(line);
        end.onClose();
      },
    };
  }

  /** What is said instead of a frame. */
  #said(frame: Frame): readonly Frame[] {
    this.#heard.noteFrame(frame);
    if (this.#isOver) return [frame];
    const { dropFrame, changeFrame, repeat } = this.#mischief;
    if (this.#draw.chance(dropFrame)) return [];
    const said = this.#draw.chance(changeFrame) ? this.#changedFrame(frame) : frame;
    return this.#draw.chance(repeat) ? [said, said] : [said];
  }

  #changed(message: ControlMessage): ControlMessage {
    const shape = datagramShapes.find(({ type }) => type === message.type);
    const other = shape === undefined ? message : drawMessage(shape, this.#draw, this.#seen);
    return this.#mixed(message, other as ControlMessage);
  }

  #changedFrame(frame: Frame): Frame {
    if (!areSigned && forgeable.includes(frame.type)) return frame;
    const shape = frameShapes.find(({ type }) => type === frame.type);
    const other = shape === undefined ? frame : drawMessage(shape, this.#draw, this.#seen);
    return this.#mixed(frame, other as unknown as Frame);
  }

  /** The first, with some of its fields from the second, which is of the same type. */
  #mixed<M extends object>(message: M, other: M): M {
    const mixed = { ...message };
    for (const name of Object.keys(message))
      if (this.#draw.chance(0.4)) Reflect.set(mixed, name, Reflect.get(other, name));
    return mixed;
  }

  get #seen(): { readonly seen: Overheard } {
    return { seen: this.#heard };
  }

  #do(act: Act): void {
    switch (act) {
      case "datagram":
        return this.#tell(this.#anyMessage());
      case "replay-datagram":
        return this.#tell(this.#draw.pick(this.#heard.datagrams));
      case "flood-datagrams": {
        const [to, message] = [this.#anybody(), this.#anyMessage()];
        const isOne = this.#draw.chance(0.5);
        for (let left = floodCount; left > 0; left -= 1)
          this.#tell(isOne ? message : this.#anyMessage(), to);
        return;
      }
      case "frame":
        return this.#write(1, () => this.#anyFrame());
      case "replay-frame":
        return this.#write(1, () => this.#replayed());
      case "flood-frames": {
        const frame = this.#anyFrame();
        const isOne = this.#draw.chance(0.5);
        return this.#write(floodCount, () => (isOne ? frame : this.#anyFrame()));
      }
      case "dial":
        return this.#dial();
      case "close": {
        const line = this.#anyLine();
        return line?.pipe.close(line.end);
      }
      case "stall": {
        const line = this.#anyLine();
        line?.pipe.pause(line.end, this.#draw.chance(0.6));
      }
    }
  }

  #anyMessage(): ControlMessage {
    return drawMessage(this.#draw.pick(datagramShapes), this.#draw, this.#seen) as never;
  }

  #anyFrame(): Frame {
    return drawMessage(this.#draw.pick(drawnFrames), this.#draw, this.#seen) as never;
  }

  #replayed(): Frame {
    const { frames } = this.#heard;
    return frames.length === 0 ? { type: "alive" } : this.#draw.pick(frames);
  }

  #anybody(): Address {
    const known = this.#heard.recall("address", { type: "text", maxBytes: 64 }, this.#draw);
    return typeof known === "string" ? known : this.#draw.pick(this.#network.addresses);
  }

  #anyLine(): Line | undefined {
    return this.#lines.size === 0 ? undefined : this.#draw.pick([...this.#lines]);
  }

  #tell(message: ControlMessage | undefined, to: Address = this.#anybody()): void {
    if (this.#identity === undefined || message === undefined) return;
    this.#counter += 1;
    const known = this.#draw.chance(0.9) ? this.#heard.ids.get(to) : undefined;
    const receiver = known ?? nobody;
    const datagram = { ...this.#identity, receiver, counter: this.#counter, message };
    this.#network.deliver(this.address, to, datagram);
  }

  #write(count: number, next: () => Frame): void {
    const line = this.#anyLine();
    if (line === undefined) return;
    for (let left = count; left > 0; left -= 1) line.pipe.send(line.end, next());
  }

  /** Connects to somebody and says hello, or whatever, with the tokens that it knows. */
  #dial(): void {
    if (this.#dials >= mostDials) return;
    this.#dials += 1;
    const hello = frameShapes.filter(({ type }) => type === "hello" && this.#draw.chance(0.8))[0];
    const pipe = this.#network.connect(this.address, this.#anybody(), {
      onOpen: () => {
        const frame =
          hello === undefined ? this.#anyFrame() : drawMessage(hello, this.#draw, this.#seen);
        pipe.send("dialler", frame as never);
      },
      onFrame: () => undefined,
      onSent: () => undefined,
      onClose: () => undefined,
    });
  }
}
