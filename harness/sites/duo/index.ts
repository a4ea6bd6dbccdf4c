export type { AccountJSON, AuthenticationResultJSON, ErrorJSON, KeyJSON, RegistrationResultJSON } from './api.ts';
export { type DuoSite, type DuoSiteOptions, startDuoSite } from './server.ts';
export { type DuoService, type DuoServiceOptions, startDuoService } from './service.ts';
export type { SiteEvent, SitePolicy } from './site.ts';
export { type AddKeyOutcome, type DuoStore, MemoryStore, type StoredKey, type StoredUser } from './store.ts';
