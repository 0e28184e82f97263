#!/usr/bin/env node
console.log("@palmtree/lab");
