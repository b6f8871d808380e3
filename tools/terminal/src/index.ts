export { startProgress, type Progress, type ProgressStream } from './progress';
export { renderTable, type Cell } from './table';
