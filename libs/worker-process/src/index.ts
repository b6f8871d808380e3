export {
  createWorkerProcess,
  type QueuePlan,
  type WorkerParts,
  type WorkerPlan,
  type WorkerProcess,
  type WorkerProcessConfig,
  type WorkerProcessDeps,
} from './worker-process';
