// Run through npx by environment.mjs to learn where npx put a package's programs.
process.stdout.write(process.env.PATH ?? process.env.Path ?? "");
