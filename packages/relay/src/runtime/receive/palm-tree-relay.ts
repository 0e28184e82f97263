import { countLeftBytes, discardLeftStaging } from "@palmtree/files";
import { openTransport, peerIdOf, sessionIdOf, type TransportCounters } from "@palmtree/transport";
import type { Address, Datagram, Invite, SessionId } from "@palmtree/wire";
import { resolvePeers } from "../peer-names.js";
import { Switchboard } from "../switchboard.js";
import { Asking, checkJoin, type JoinOptions } from "./asking.js";
import { ClosedSessions } from "./closed-sessions.js";
import { Cookies } from "./cookies.js";
import { prepareDirectory, refuseForDisk } from "./destination.js";
import type { FilesReceiver } from "./files-receiver.js";
import { MemberSession } from "./member-session.js";
import {
  type CheckedRelayOptions,
  checkRelayOptions,
  type Refusal,
  type RelayOptions,
} from "./relay-options.js";

/** What a relay counts, from 0. */
export interface RelayCounters extends Readonly<TransportCounters> {
  /** Datagrams of no session here. */
  readonly datagramsStray: number;
  /** Connections whose first frame was no hello, or named no session here. */
  readonly connectionsStray: number;
  /** Sessions that were joined. */
  readonly sessionsJoined: number;
  /** Sessions that were declined. */
  readonly sessionsDeclined: number;
}

/**
 * This process's place in the network: takes invitations, receives what is sent, and passes it on
 * to other peers.
 *
 * @example
 * ```ts
 * await using relay = await PalmTreeRelay.open({
 *   keys: [key],
 *   directory: "incoming",
 *   onTransferEnd: (receiver, { status, files }) => console.log(receiver.name, status, files),
 * });
 * console.log(`listening on ${relay.address}`);
 * await once(process, "SIGINT");
 * ```
 */
export class PalmTreeRelay implements AsyncDisposable {
  readonly #options: CheckedRelayOptions;
  readonly #sessions = new Map<SessionId, MemberSession>();
  /** Sessions that are being decided about, with the bytes that they would take. */
  readonly #pending = new Map<SessionId, number>();
  readonly #closed: ClosedSessions;
  readonly #cookies = new Cookies();
  readonly #askings = new Set<Asking>();
  #open: Switchboard | undefined;
  #closing: Promise<void> | undefined;
  #joined = 0;
  #declined = 0;

  private constructor(options: CheckedRelayOptions) {
    this.#options = options;
    this.#closed = new ClosedSessions((session, to, message) =>
      this.#switchboard.send(session, to, message),
    );
  }

  /**
   * Listens, and joins the sessions that it is invited to.
   *
   * @throws TypeError or RangeError when an option is not what it may be
   * @throws not-writable when the directory cannot be made or written
   * @throws port-taken, not-permitted or address-invalid when `host` and `port` cannot be used
   */
  static async open(options: RelayOptions): Promise<PalmTreeRelay> {
    const checked = checkRelayOptions(options);
    const directory = await prepareDirectory(checked.directory);
    await discardLeftStaging(directory, Date.now() - checked.keepPartialMs);
    const relay = new PalmTreeRelay({ ...checked, directory });
    relay.#open = await Switchboard.open(
      checked.openTransport ?? openTransport,
      { host: checked.host, port: checked.port, keys: checked.keys },
      (from, datagram) => relay.#onStranger(from, datagram),
    );
    return relay;
  }

  /** Where it is reached, with the port that was chosen. */
  get address(): Address {
    return this.#switchboard.address;
  }

  /** The transfers that it takes part in. */
  get receivers(): readonly FilesReceiver[] {
    const sessions = [...this.#sessions.values()];
    return sessions.filter(({ isOver }) => !isOver).map(({ receiver }) => receiver);
  }

  /** What was counted so far. */
  get counters(): RelayCounters {
    return {
      ...this.#switchboard.transportCounters,
      ...this.#switchboard.counters,
      sessionsJoined: this.#joined,
      sessionsDeclined: this.#declined,
    };
  }

  /**
   * Asks a sender that is under way to be taken in, as if it had listed this relay: the session is
   * accepted or declined like any other, and everything of it is received.
   *
   * @param root - `host` or `host:port` where the sender listens, the port 4747 by default
   * @returns the transfer, once the sender has taken this relay in
   * @throws TypeError, RangeError, address-invalid or host-unknown for a bad argument
   * @throws not-answering when no sender answers there
   * @throws session-over when the session is over, or was left by this relay before
   * @throws declined when the sender has no room, or this relay does not take what it sends
   * @throws the signal's reason when it aborts
   */
  async join(root: string, options: JoinOptions = {}): Promise<FilesReceiver> {
    const name = checkJoin(root, options);
    const { resolved, unresolved } = await resolvePeers([name], familyOf(this.address));
    const [place] = resolved;
    if (place === undefined) throw unresolved[0]?.error;
    const asking = new Asking(place.address, options, this.#switchboard);
    for (const member of this.#sessions.values()) if (!member.isOver) asking.onJoined(member);
    this.#askings.add(asking);
    try {
      return (await asking.run()).receiver;
    } finally {
      this.#askings.delete(asking);
    }
  }

  /**
   * Leaves all sessions: the neighbours are told, and what is queued for them is sent. What has not
   * landed stays in staging, for a later session of the same files. Takes about two seconds at
   * most. May be called twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  /** The same as {@link PalmTreeRelay.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #switchboard(): Switchboard {
    if (this.#open === undefined) throw new Error("the relay is not open");
    return this.#open;
  }

  async #closeAll(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    for (const session of sessions) session.stop("the receiver was closed");
    await Promise.all(sessions.map(({ closed }) => closed));
    await this.#switchboard.close();
  }

  #onStranger(from: Address, datagram: Datagram): void {
    const { session, message } = datagram;
    for (const asking of this.#askings) asking.onStranger(from, datagram);
    const refusal = this.#closed.refusalOf(session);
    if (refusal !== undefined) {
      if (message.type === "invite") this.#tellAskings(from, session, refusal);
      return this.#closed.answer(from, datagram);
    }
    if (message.type !== "invite" || this.#pending.has(session)) return;
    // Whoever knows the id of a session could otherwise pose as its root.
    if (!isOfRoot(datagram, message)) return;
    if (this.#cookies.isOwn(message.cookie, from, datagram))
      return void this.#consider(from, datagram, message);
    const cookie = this.#cookies.bake(from, datagram);
    const root = { address: from, id: datagram.sender };
    this.#switchboard.send(session, root, { type: "challenge", cookie });
  }

  /** Join or decline; until that is decided, repeated invitations are ignored. */
  async #consider(from: Address, datagram: Datagram, invite: Invite): Promise<void> {
    const { session } = datagram;
    let refusal = this.#refuse(invite, from) ?? (await this.#refuseForDisk(session, invite));
    if (this.#closing !== undefined) refusal = leaving;
    if (refusal === undefined) return this.#join(from, datagram, invite);
    this.#declined += 1;
    this.#closed.add(session, refusal);
    this.#closed.answer(from, datagram);
    this.#tellAskings(from, session, refusal);
  }

  async #refuseForDisk(session: SessionId, invite: Invite): Promise<Refusal | undefined> {
    const { directory } = this.#options;
    const reserved = this.#reservedBytes();
    // How much room a stream takes shows only when it is there.
    const totalBytes = invite.isStream ? 0 : invite.totalBytes;
    this.#pending.set(session, totalBytes);
    try {
      const leftBytes = await countLeftBytes(directory, invite.manifestHash);
      return await refuseForDisk(directory, totalBytes - leftBytes, reserved);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { reason: "not-writable", detail };
    } finally {
      this.#pending.delete(session);
    }
  }

  #tellAskings(from: Address, session: SessionId, refusal: Refusal): void {
    for (const asking of this.#askings) asking.onRefused(from, session, refusal);
  }

  #refuse(invite: Invite, from: Address): Refusal | undefined {
    const { maxSessions, maxTotalBytes, maxEntries, accept } = this.#options;
    if (this.#closing !== undefined) return leaving;
    const active = [...this.#sessions.values()].filter(({ isOver }) => !isOver);
    const count = active.length + this.#pending.size;
    if (count >= maxSessions) return { reason: "busy", detail: `${count} sessions are under way` };
    if (invite.totalBytes > maxTotalBytes && !invite.isStream)
      return tooLarge("bytes", invite.totalBytes, maxTotalBytes);
    if (invite.entryCount > maxEntries)
      return tooLarge("files and directories", invite.entryCount, maxEntries);
    return ask(accept, invite, from);
  }

  #join(from: Address, datagram: Datagram, invite: Invite): void {
    const { session } = datagram;
    const member = new MemberSession(
      this.#switchboard,
      { from, datagram, invite },
      {
        options: this.#options,
        onEnded: () => {
          this.#switchboard.leave(session);
          this.#closed.add(session, leaving);
        },
      },
    );
    this.#joined += 1;
    this.#sessions.set(session, member);
    for (const asking of this.#askings) asking.onJoined(member);
    void member.closed.then(() => this.#sessions.delete(session));
    member.start();
  }

  #reservedBytes(): number {
    let reserved = 0;
    for (const { reservedBytes } of this.#sessions.values()) reserved += reservedBytes;
    for (const bytes of this.#pending.values()) reserved += bytes;
    return reserved;
  }
}

/** Whether the session's id follows from the key in the invitation, and its sender's id too. */
function isOfRoot({ session, sender }: Datagram, { rootKey }: Invite): boolean {
  return sessionIdOf(rootKey) === session && peerIdOf(session, rootKey) === sender;
}

const leaving: Refusal = { reason: "leaving", detail: "this session is over here" };

/** Names are looked up in the family of the address that this relay listens on. */
function familyOf(address: Address): 0 | 4 {
  return address.startsWith("[") ? 0 : 4;
}

function tooLarge(what: string, got: number, limit: number): Refusal {
  return { reason: "too-large", detail: `${got} ${what}, at most ${limit} are taken` };
}

function ask(accept: RelayOptions["accept"], invite: Invite, from: Address): Refusal | undefined {
  try {
    const answer = accept?.(invite, from) ?? true;
    return answer === true ? undefined : answer;
  } catch (error) {
    return { reason: "refused", detail: error instanceof Error ? error.message : String(error) };
  }
}
