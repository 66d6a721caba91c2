/**
 * Systems without a keyring that this module knows.
 *
 * @module
 */

import type { Keyring } from "../domain/credential.ts";
import { itemAction, unavailable } from "./failures.ts";

/** Keyring that refuses everything and says why. */
export class UnsupportedKeyring implements Keyring {
  readonly name = "unsupported";
  readonly #system: string;

  /** @param system Name of the operating system. */
  constructor(system: string) {
    this.#system = system;
  }

  set(service: string, account: string): Promise<void> {
    return Promise.reject(this.#failure(itemAction("set", service, account)));
  }

  get(service: string, account: string): Promise<string | undefined> {
    return Promise.reject(this.#failure(itemAction("read", service, account)));
  }

  delete(service: string, account: string): Promise<boolean> {
    return Promise.reject(this.#failure(itemAction("delete", service, account)));
  }

  list(service: string): Promise<string[]> {
    return Promise.reject(this.#failure(`Cannot list the credentials of service "${service}"`));
  }

  #failure(action: string): Error {
    return unavailable(
      action,
      `no keyring of the system "${this.#system}" is supported`,
      "use Linux, macOS or Windows",
    );
  }
}
