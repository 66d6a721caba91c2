/**
 * Looks for a secret, read from standard input, in the command line and the
 * environment of every process until it is killed. Prints each finding, and
 * `watching <n>` whenever it has seen n programs of the name in its argument.
 *
 * @module
 */

const secret = (await new Response(Deno.stdin.readable).text()).trim();
const seen = new Set<string>();
console.log("ready");
for (;;) {
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const commandLine = read(`/proc/${name}/cmdline`);
    const environment = read(`/proc/${name}/environ`);
    if (commandLine.includes(secret)) console.log(`found in a command line`);
    if (environment.includes(secret)) console.log(`found in an environment`);
    if (commandLine.includes(Deno.args[0] ?? "") && environment !== "" && !seen.has(name)) {
      seen.add(name);
      if (Number(name) !== Deno.pid) console.log(`watching ${seen.size}`);
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 15));
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    // The process has ended.
    return "";
  }
}
