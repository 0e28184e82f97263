export { cubeNeighbours } from "./hypercube.js";
