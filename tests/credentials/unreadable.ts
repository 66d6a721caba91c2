/**
 * A keyring with items that are no text, as another program may leave them.
 *
 * @module
 */

import { MemoryKeyring } from "../../src/credentials/memory.ts";
import { itemAction, notText } from "../../src/credentials/failures.ts";

/** Reports some items as the systems' keyrings report what is not UTF-8. */
export class UnreadableKeyring extends MemoryKeyring {
  /** These items, each as service, slash and account. */
  readonly unreadable = new Set<string>();

  override get(service: string, account: string): Promise<string | undefined> {
    if (!this.unreadable.has(`${service}/${account}`)) return super.get(service, account);
    return Promise.reject(notText(itemAction("read", service, account)));
  }

  override async set(service: string, account: string, secret: string): Promise<void> {
    await super.set(service, account, secret);
    this.unreadable.delete(`${service}/${account}`);
  }
}
