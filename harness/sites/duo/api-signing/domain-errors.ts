import { DomainError } from '../domain/error.ts';
import { type ApiError, duplicateResource, invalidParameter, notFound } from './envelope.ts';

/** What the domain refused, in the codes of Duo's APIs; any other error as it is. */
export function apiErrorOf(error: unknown): ApiError | unknown {
  if (!(error instanceof DomainError)) return error;
  switch (error.code) {
    case 'not_found':
      return notFound();
    case 'taken':
      return duplicateResource();
    default:
      return invalidParameter(error.field ?? error.message);
  }
}
