/** Which methods a path of the API has. */
import type { ControlApi } from './routes.ts';

/** In upper case; none where the API has no such path. */
export function allowedMethods(api: ControlApi, path: string): string[] {
  const methods = api.routes
    .filter(({ method, path: template }) => method !== 'ALL' && patternOf(template).test(path))
    .map(({ method }) => method);
  return [...new Set(methods)].sort();
}

/** A path of Hono, as /keys/:id. */
function patternOf(template: string): RegExp {
  const segments = template.split('/').map((segment) => {
    if (segment.startsWith(':')) return '[^/]+';
    return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${segments.join('/')}$`);
}
