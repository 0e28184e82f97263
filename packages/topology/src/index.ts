export { binomialStep, binomialStepCount, type ScheduledSend } from "./binomial-schedule.js";
export { cubeNeighbours, dimensionsOf, peersAt, vertexOf } from "./hypercube.js";
export { kAryTree } from "./k-ary-tree.js";
export { makePlan, type Plan, type PlanKind } from "./plan.js";
export { choosePlan, type PlanChoice, type PlanQuestion, type Prediction } from "./plan-choice.js";
export { lowerBoundSeconds, predictSeconds } from "./predicted-time.js";
export {
  checkSpanningTree,
  childLists,
  childrenOf,
  depthOf,
  fanoutOf,
  heightOf,
  renderTree,
  rootOf,
  type SpanningTree,
  type SpanningTreeFault,
  subtreeSizes,
} from "./spanning-tree.js";
export type { LinkSpeed, Transfer } from "./transfer.js";
export { uploadShares } from "./upload-shares.js";
