import { testSpanning } from "./spanning.js";

testSpanning(1);
