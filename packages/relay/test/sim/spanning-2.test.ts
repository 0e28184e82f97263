import { testSpanning } from "./spanning.js";

testSpanning(2);
