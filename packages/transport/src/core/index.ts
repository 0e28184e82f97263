export { Allowance } from "./allowance.js";
export {
  defaultLinkOptions,
  Link,
  type LinkAction,
  type LinkEvent,
  type LinkOptions,
  type PassiveReason,
} from "./link.js";
export {
  type LinkActionType,
  type LinkEventType,
  type LinkState,
  type LinkTable,
  type LinkTransition,
  linkTable,
} from "./link-table.js";
