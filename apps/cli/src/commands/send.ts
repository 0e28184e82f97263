import { FilesSender, type FilesSenderOptions } from "@palmtree/relay";
import { wireLimits } from "@palmtree/wire";
import { Command } from "commander";
import { type ExitCode, exitCodes } from "../exit-code.js";
import { describeFailure } from "../failure.js";
import { findKey, insecurityWarning, type KeyOptions } from "../options/group-key.js";
import { ipOf, type Listen, listenOption } from "../options/listen.js";
import { type ListedPeer, listPeers, namingOrigin, peersIn } from "../options/peer-list.js";
import { choiceOption, integerOption, secondsOption, sizeOption } from "../options/values.js";
import { JsonLines } from "../output/json-lines.js";
import { Messages } from "../output/messages.js";
import { roundSeconds } from "../output/text.js";
import type { SendEvent } from "../send/send-event.js";
import { SendView } from "../send/send-view.js";
import { SessionStory } from "../send/session-story.js";
import { StopRequest } from "../stop-request.js";
import { badValue, UsageError } from "../usage-error.js";

interface SendOptions extends KeyOptions {
  readonly to: readonly ListedPeer[];
  readonly hostsFile?: string;
  readonly strategy: "pipeline" | "tree";
  readonly fanout?: number;
  readonly chunkSize?: number;
  readonly timeout?: number;
  readonly maxWait?: number;
  readonly minWait?: number;
  readonly minReceivers?: number;
  readonly listen?: Listen;
  readonly name?: string;
  readonly json?: true;
  readonly quiet?: true;
}
