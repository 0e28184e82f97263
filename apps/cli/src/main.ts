#!/usr/bin/env node
console.log("@palmtree/cli");
