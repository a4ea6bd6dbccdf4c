/** How the pages of a session reach its virtual authenticators. */
export interface Pages {
  /** From now on `navigator.credentials` of all pages is served by the authenticators; to be called once. */
  install(): Promise<void>;
  /** The client sends a command of its own to the driver. */
  beforeCommand(method: string, path: string): Promise<void>;
  /** The client has sent a command of its own to the driver, which has answered it. */
  afterCommand(method: string, path: string): Promise<void>;
  close(): Promise<void>;
}
