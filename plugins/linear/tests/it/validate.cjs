// Holds documents and variables against a schema: node validate.cjs <folder with graphql> <schema> <cases>
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const [folder, schemaFile, casesFile] = process.argv.slice(2);
const { buildSchema, getVariableValues, parse, validate } = createRequire(`${folder}/`)("graphql");
const schema = buildSchema(readFileSync(schemaFile, "utf8"));
const cases = JSON.parse(readFileSync(casesFile, "utf8"));
const problems = cases.flatMap(({ name, text, variables }) => {
  const document = parse(text);
  const wrong = validate(schema, document);
  const { errors = [] } = getVariableValues(schema, document.definitions[0].variableDefinitions, variables);
  return [...wrong, ...errors].map((error) => `${name}: ${error.message}`);
});
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${cases.length} documents fit`);
