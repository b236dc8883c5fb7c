// node collection.js URL OUT: make a Postman collection from the document of a running server.
// Every request carries the document's example, and is checked as checks.js says.

import { readFile, writeFile } from "node:fs/promises";
import converter from "openapi-to-postmanv2";

const [url, out] = process.argv.slice(2);
const document = await (await fetch(`${url}/openapi.json`)).text();
const options = { folderStrategy: "Tags", parametersResolution: "Example" };

const converted = await new Promise((resolve, reject) =>
  converter.convertV2({ type: "string", data: document }, options, (fault, result) =>
    fault || !result.result ? reject(fault ?? new Error(result.reason)) : resolve(result),
  ),
);

const collection = converted.output[0].data;
collection.variable = [{ key: "baseUrl", value: url, type: "string" }];
const checks = await readFile(new URL("checks.js", import.meta.url), "utf8");
collection.event = [
  { listen: "test", script: { type: "text/javascript", exec: checks.split("\n") } },
];
await writeFile(out, JSON.stringify(collection, null, 2) + "\n");
