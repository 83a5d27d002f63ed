// Says what AsyncAPI's parser finds in a document, one line each; then how much of it there is.
// node asyncapi.cjs FOLDER_WITH_NODE_MODULES FILE
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");

const [folder, file] = process.argv.slice(2);
const load = createRequire(`${folder}/package.json`);
const { Parser } = load("@asyncapi/parser");
const { AvroSchemaParser } = load("@asyncapi/avro-schema-parser");

async function main() {
  const parser = new Parser();
  parser.registerSchemaParser(AvroSchemaParser());
  const { document, diagnostics } = await parser.parse(readFileSync(file, "utf8"));
  for (const each of diagnostics) {
    console.log(`${each.code} ${each.path.join(".")}: ${each.message}`);
  }
  if (document) {
    console.log(`${document.channels().length} channels, ${document.messages().length} messages`);
  }
}

main();
