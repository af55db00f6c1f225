/** package.json and the translations, against what the code does. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { test } from "node:test";

const read = (name: string) => fs.readFileSync(name, "utf8");
const json = (name: string) => JSON.parse(read(name)) as Record<string, unknown>;
const sources = fs
  .readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => read(`src/${name}`));
const code = sources.join("\n");
const manifest = json("package.json") as {
  contributes: {
    commands: { command: string; title: string; icon?: string }[];
    menus: Record<string, { command: string; when: string }[]>;
    keybindings: { command: string; when?: string }[];
    configuration: { properties: Record<string, { scope: string }> };
    walkthroughs: { steps: { media: { markdown: string } }[] }[];
  };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
};
const { commands, menus, keybindings, configuration, walkthroughs } = manifest.contributes;
const declared = commands.map(({ command }) => command);

test("every command is registered, and every registered one declared", () => {
  const block = /const commands[^\n]*= \{\n([\s\S]*?)\n {2}\};/.exec(read("src/commands.ts"))?.[1] ?? "";
  const registered = [...block.matchAll(/^ {4}(\w+)(?::|,$)/gm)].map(([, name]) => `askLsp.${name}`);

  // Not for people: what is said when a command meets no server.
  assert.deepEqual(registered.filter((name) => name !== "askLsp.notRunning").sort(), [...declared].sort());
});

test("no command has an id of the server's, and all that is named exists", () => {
  const used = [...Object.values(menus).flat(), ...keybindings].map(({ command }) => command);
  const linked = [...read("package.nls.json").matchAll(/command:([\w.]+)/g)].map(([, name]) => name);
  const run = [...code.matchAll(/"(askLsp\.\w+)"/g)].map(([, name]) => name);

  for (const name of declared) {
    assert.match(name, /^askLsp\./);
  }
  const known = [
    ...declared,
    ...Object.keys(configuration.properties),
    "askLsp.notRunning",
    "askLsp.busy",
    "askLsp.answering",
  ];
  for (const name of [...used, ...linked, ...run]) {
    assert.ok(name !== undefined && known.includes(name), name);
  }
});

test("keys and buttons in the editor know when they apply", () => {
  for (const { command, when } of [...keybindings, ...Object.values(menus).flat()]) {
    assert.ok(when, command);
  }
  for (const { command } of menus["editor/title"] ?? []) {
    assert.ok(commands.find((each) => each.command === command)?.icon, command);
  }
});

test("what names programs, variables or endpoints is the machine's, and restricted", () => {
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  for (const name of ["path", "args", "env", "keyOrigin"]) {
    assert.equal(configuration.properties[`askLsp.${name}`]?.scope, "machine");
    assert.ok(restricted.includes(`askLsp.${name}`), name);
  }
});

test("every sentence is there in Simplified Chinese, and none that nothing says", () => {
  const calls = [...code.matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text ?? '""'));
  const all = [...code.matchAll(/l10n\.t\(/g)];

  assert.equal(calls.length, all.length, "l10n.t takes one text in double quotes");
  const bundle = json("l10n/bundle.l10n.zh-cn.json");
  assert.deepEqual(Object.keys(bundle).sort(), [...new Set(calls)].sort());
  for (const [english, chinese] of Object.entries(bundle)) {
    const slots = (text: string) => [...text.matchAll(/\{\d\}/g)].map(String).sort();
    assert.deepEqual(slots(String(chinese)), slots(english), english);
  }
});

test("package.json has all its words in both languages", () => {
  const wanted = [...read("package.json").matchAll(/"%([\w.]+)%"/g)].map(([, name]) => String(name));
  for (const language of ["package.nls.json", "package.nls.zh-cn.json"]) {
    assert.deepEqual(Object.keys(json(language)).sort(), [...new Set(wanted)].sort(), language);
  }
});

test("the walkthrough's pages are there", () => {
  for (const { media } of walkthroughs.flatMap(({ steps }) => steps)) {
    assert.ok(fs.existsSync(media.markdown), media.markdown);
  }
});
