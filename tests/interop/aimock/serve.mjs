// Serves aimock on a free port of loopback: prints {"url", "version"} as one line, answers until its input ends, and then
// prints the requests that it had, as it understood them, as another line. Run by tests/interop in a folder of its own, in
// which npm has installed what package.json names.
import { readFileSync } from "node:fs";
import { LLMock } from "@copilotkit/aimock";

const manifest = readFileSync(new URL("./node_modules/@copilotkit/aimock/package.json", import.meta.url), "utf8");
const mock = new LLMock({ port: 0, host: "127.0.0.1", chunkSize: 5 });
mock.on({ toolCallId: "call_clock" }, { content: "It is noon in Oslo." });
mock.onMessage("What time is it in Oslo?", {
  toolCalls: [{ id: "call_clock", name: "clock", arguments: { city: "Oslo" } }],
});
mock.onMessage("Tell me a long story.", { content: "Once upon a time there was a tree. ".repeat(2000) }, { latency: 20 });
mock.onMessage("Are you there?", { content: "I am here." });
mock.onMessage("Fail.", { error: { message: "Broken.", type: "server_error", code: "broken" }, status: 500 });
await mock.start();
console.log(JSON.stringify({ url: mock.url, version: JSON.parse(manifest).version }));

process.stdin.resume();
process.stdin.on("end", async () => {
  const requests = mock.getRequests().map((request) => ({
    messages: request.body.messages.map((message) => message.role),
    status: request.response.status,
  }));
  console.log(JSON.stringify(requests));
  await mock.stop();
  process.exit(0);
});
