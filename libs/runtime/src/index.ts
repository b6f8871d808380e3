export { createService, type Service, type ServiceParts } from './service';
export { composeServices } from './compose-services';
export { runService, type RunOptions, type ServiceLogger } from './run-service';
export { describeFailure, runMain } from './run-main';
export { createAdminServer, type AdminServer, type AdminServerOptions, type ReadinessCheck } from './admin-server';
export { settlesWithin } from './settles-within';
