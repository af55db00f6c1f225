// An extension for tests only: answers what a test asks of the VS Code API, over a socket.
// What a person does is done in the browser, by keys and mouse; what is there is read here, where it cannot be mistaken.
const fs = require("node:fs");
const net = require("node:net");
const readline = require("node:readline");
const vscode = require("vscode");

const AsyncFunction = (async () => {}).constructor;

exports.activate = () => {
  const socket = process.env.ASK_LSP_PROBE;
  fs.rmSync(socket, { force: true });
  net
    .createServer((connection) => {
      readline.createInterface({ input: connection }).on("line", async (line) => {
        const { code, given } = JSON.parse(line);
        let answer;
        try {
          answer = { value: (await new AsyncFunction("vscode", "given", code)(vscode, given)) ?? null };
        } catch (error) {
          answer = { error: String(error?.stack ?? error) };
        }
        connection.write(`${JSON.stringify(answer)}\n`);
      });
    })
    .listen(socket);
};
