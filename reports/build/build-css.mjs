// Builds ../assets/secscan.css from secscan.scss and GOV.UK Frontend.
//
//   npm install --prefix "$TOOLS" govuk-frontend@6.6.0 sass@1.108.2
//   node reports/build/build-css.mjs "$TOOLS"
//
// TOOLS is any folder outside this checkout: neither tool is needed to run secscan, and nothing of them is kept here.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const tools = resolve(process.argv[2] ?? ".");
const require = createRequire(join(tools, "package.json"));
const sass = require("sass");
const frontend = JSON.parse(readFileSync(join(tools, "node_modules/govuk-frontend/package.json"), "utf8"));

const built = sass.compile(join(here, "secscan.scss"), {
  style: "compressed",
  charset: false,
  quietDeps: true,
  loadPaths: [join(tools, "node_modules/govuk-frontend/dist")],
});
const notice = `/*! Built from govuk-frontend ${frontend.version} (MIT licence, see NOTICE.txt) by reports/build/build-css.mjs */\n`;
const css = notice + built.css.trim() + "\n";
writeFileSync(join(here, "../assets/secscan.css"), css);
console.log(`reports/assets/secscan.css: ${Buffer.byteLength(css)} bytes`);
