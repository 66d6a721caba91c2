/**
 * Folders of tests.
 *
 * @module
 */

/** A folder that goes with all that is in it when it is disposed. */
export class TempFolder implements AsyncDisposable {
  /** Its absolute path. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes a folder. */
  static async make(options: Deno.MakeTempOptions = {}): Promise<TempFolder> {
    return new TempFolder(await Deno.makeTempDir(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Runs a test in a folder of its own. */
export async function withRoot(run: (root: string) => Promise<void> | void): Promise<void> {
  await using folder = await TempFolder.make();
  await run(folder.path);
}
