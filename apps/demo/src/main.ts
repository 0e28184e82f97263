#!/usr/bin/env node
console.log("@palmtree/demo");
