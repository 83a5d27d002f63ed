// Says what AsyncAPI's parser finds in documents, a line each, and how much of them there is.
// node asyncapi.cjs FOLDER_WITH_NODE_MODULES FILE...
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { basename } = require("node:path");

const [folder, ...files] = process.argv.slice(2);
const load = createRequire(`${folder}/package.json`);
const { Parser } = load("@asyncapi/parser");
const { AvroSchemaParser } = load("@asyncapi/avro-schema-parser");

async function main() {
  const parser = new Parser();
  parser.registerSchemaParser(AvroSchemaParser());
  for (const file of files) {
    const { document, diagnostics } = await parser.parse(readFileSync(file, "utf8"));
    const found = diagnostics.map((each) => `${each.code} at ${each.path.join(".")}`);
    const held = document ? [`${document.messages().length} messages`] : [];
    console.log(`${basename(file)}: ${[...found, ...held].join("; ")}`);
  }
}

main();
