/**
 * What this program itself wrote, so that watching can pass over it.
 *
 * @module
 */

/** The last write of each workflow, in turn. */
export class OwnWrites {
  readonly #writes = new Map<string, { state: string | null; turn: number }>();
  #turn = 0;

  /** Number of writes so far. */
  get turn(): number {
    return this.#turn;
  }

  /**
   * Notes a write: before it, since others may see it before it is over, and
   * after it, since they may have looked meanwhile.
   *
   * @param id Id of the workflow.
   * @param state The revision; `null` when the workflow is deleted.
   */
  note(id: string, state: string | null): void {
    this.#writes.set(id, { state, turn: ++this.#turn });
  }

  /** Returns what was written last, when that was after a turn; what was written before it, others may have undone since. */
  since(id: string, turn: number): string | null | undefined {
    const write = this.#writes.get(id);
    return write === undefined || write.turn <= turn ? undefined : write.state;
  }
}
