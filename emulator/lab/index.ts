export { type ControlApiOptions, createControlApi } from './api/app.ts';
export { apiDocument } from './api/document.ts';
export { type LabKeyJSON, MAX_WAIT, type PendingJSON } from './api/schemas.ts';
export { Lab, type LabOptions } from './lab.ts';
export { LabKey } from './lab-key.ts';
export { type ControlServer, type ControlServerOptions, serveControlApi } from './server.ts';
export { announceLab, type LabAddress, labDirectory, type RunningLab, runningLabs } from './state-file.ts';
export { formatTouchPolicy, LabPresence, parseTouchPolicy, type TouchPolicy } from './touch-policy.ts';
export { attach, defaultTransport, parseTransport, type TransportChoice } from './transport.ts';
