import { invalidParameter, missingParameter, ok } from '../api-signing/envelope.ts';
import { pageMetadata } from '../api-signing/parameters.ts';
import { createSignedApp, type SignedApp } from '../api-signing/signed-app.ts';
import { recordActivity } from '../domain/authentication-log.ts';
import {
  changeTotpStep,
  countTokens,
  createToken,
  deleteToken,
  getToken,
  listTokens,
  TOKEN_TYPES,
} from '../domain/hardware-tokens.ts';
import { resyncToken } from '../domain/passcodes.ts';
import type { Tenant } from '../domain/tenant.ts';
import { tokenJSON } from './json.ts';

const TOKENS_PER_PAGE = { default: 100, maximum: 500 } as const;
const MAXIMUM_STEP = 3600;

/** /admin/v1/tokens */
export function tokenRoutes(tenant: Tenant): SignedApp {
  const routes = createSignedApp();
  const log = (actor: string, action: string, object: string) =>
    tenant.database.write(() => recordActivity(tenant, { actor, action, object }));

  routes.get('/', (c) => {
    const parameters = c.get('parameters');
    const page = parameters.page(TOKENS_PER_PAGE.default, TOKENS_PER_PAGE.maximum);
    // Duo's own D-100 tokens can be asked for, and there are none.
    const type = parameters.oneOf('type', [...TOKEN_TYPES, 'd1']);
    const serial = parameters.text('serial');
    if (type === undefined && serial === undefined) {
      const tokens = listTokens(tenant, page).map((token) => tokenJSON(tenant, token));
      return ok(c, tokens, pageMetadata(page, countTokens(tenant)));
    }
    if (type === undefined) throw missingParameter('type');
    if (serial === undefined) throw missingParameter('serial');
    const tokens = type === 'd1' ? [] : listTokens(tenant, { type, serial });
    return ok(
      c,
      tokens.map((token) => tokenJSON(tenant, token)),
      pageMetadata(page, tokens.length),
    );
  });

  routes.post('/', async (c) => {
    const parameters = c.get('parameters');
    parameters.required('type');
    const type = parameters.oneOf('type', TOKEN_TYPES)!;
    const serial = parameters.required('serial');
    const secrets =
      type === 'yk'
        ? { privateId: parameters.required('private_id'), aesKey: parameters.required('aes_key') }
        : { secret: parameters.required('secret') };
    const token = await createToken(tenant, {
      ...{ type, serial, ...secrets },
      counter: parameters.integer('counter', 0, Number.MAX_SAFE_INTEGER),
      totpStep: parameters.integer('totp_step', 1, MAXIMUM_STEP),
    });
    await log(c.get('integration').key, 'hardtoken_create', `${token.type} ${token.serial}`);
    return ok(c, tokenJSON(tenant, token));
  });

  routes.get('/:tokenId', (c) => ok(c, tokenJSON(tenant, getToken(tenant, c.req.param('tokenId')))));

  routes.post('/:tokenId', async (c) => {
    const { tokenId } = getToken(tenant, c.req.param('tokenId'));
    const step = c.get('parameters').integer('totp_step', 1, MAXIMUM_STEP);
    if (step === undefined) throw missingParameter('totp_step');
    const token = await changeTotpStep(tenant, tokenId, step);
    await log(c.get('integration').key, 'hardtoken_update', `${token.type} ${token.serial}`);
    return ok(c, tokenJSON(tenant, token));
  });

  routes.delete('/:tokenId', async (c) => {
    const { tokenId, type, serial } = getToken(tenant, c.req.param('tokenId'));
    await deleteToken(tenant, tokenId);
    await log(c.get('integration').key, 'hardtoken_delete', `${type} ${serial}`);
    return ok(c, '');
  });

  routes.post('/:tokenId/resync', async (c) => {
    const parameters = c.get('parameters');
    const { tokenId, type, serial } = getToken(tenant, c.req.param('tokenId'));
    const codes = [parameters.required('code1'), parameters.required('code2'), parameters.required('code3')] as const;
    if (type !== 'h6' && type !== 'h8') throw invalidParameter('token_id: only HOTP tokens can be resynchronised');
    await resyncToken(tenant, tokenId, codes);
    await log(c.get('integration').key, 'hardtoken_resync', `${type} ${serial}`);
    return ok(c, '');
  });

  return routes;
}
