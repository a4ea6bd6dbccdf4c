/**
 * What the checks find in nid-webauthn-emulator 0.2.11: it writes members of getInfo that it has not as undefined, does
 * not look at the types of parameters, falls over those that are missing (an exception, which the test answers as
 * CTAP1_ERR_OTHER), and has no reset.
 */
export const findings: Readonly<Record<string, string>> = {
  'getInfo.canonical': 'CTAP2_ERR_INVALID_CBOR: simple value 0xf7 at byte 13 has no meaning in CTAP2',
  'getInfo.extensions.type':
    'expected extensions of its type, got CTAP2_ERR_CBOR_UNEXPECTED_TYPE: authenticatorGetInfo response.extensions: expected an array, got null',
  'getInfo.maxMsgSize.type':
    'expected maxMsgSize of its type, got CTAP2_ERR_CBOR_UNEXPECTED_TYPE: authenticatorGetInfo response.maxMsgSize: expected an integer, got null',
  'getInfo.request.parameters': 'expected a refusal, got CTAP2_OK',
  'makeCredential.attestationFormatsPreference.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP2_OK',
  'makeCredential.clientDataHash.missing': 'expected CTAP2_ERR_MISSING_PARAMETER, got CTAP1_ERR_OTHER',
  'makeCredential.clientDataHash.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP1_ERR_OTHER',
  'makeCredential.enterpriseAttestation.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP2_OK',
  'makeCredential.excludeList.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP2_OK',
  'makeCredential.extensions.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP2_OK',
  'makeCredential.options.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP2_OK',
  'makeCredential.pinUvAuthParam.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP1_ERR_OTHER',
  'makeCredential.pinUvAuthProtocol.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP2_OK',
  'makeCredential.pubKeyCredParams.missing': 'expected CTAP2_ERR_MISSING_PARAMETER, got CTAP1_ERR_OTHER',
  'makeCredential.pubKeyCredParams.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP1_ERR_OTHER',
  'makeCredential.rp.missing': 'expected CTAP2_ERR_MISSING_PARAMETER, got CTAP1_ERR_OTHER',
  'makeCredential.rp.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP1_ERR_OTHER',
  'makeCredential.user.missing': 'expected CTAP2_ERR_MISSING_PARAMETER, got CTAP1_ERR_OTHER',
  'makeCredential.user.wrongType': 'expected CTAP2_ERR_CBOR_UNEXPECTED_TYPE, got CTAP1_ERR_OTHER',
  'reset.credentials': 'expected CTAP2_OK, got CTAP1_ERR_INVALID_COMMAND',
  'reset.late': 'expected CTAP2_ERR_NOT_ALLOWED, got CTAP1_ERR_INVALID_COMMAND',
  'reset.passkeys': 'expected CTAP2_OK, got CTAP1_ERR_INVALID_COMMAND',
  'reset.refused': 'expected CTAP2_ERR_OPERATION_DENIED, got CTAP1_ERR_INVALID_COMMAND',
  'reset.timeout': 'expected CTAP2_ERR_USER_ACTION_TIMEOUT, got CTAP1_ERR_INVALID_COMMAND',
  'reset.touched': 'expected the status to be CTAP2_OK, got CTAP1_ERR_INVALID_COMMAND',
  'reset.waits': 'expected no answer without a touch, got CTAP1_ERR_INVALID_COMMAND',
};
