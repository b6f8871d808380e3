export { stressStartStop } from './stress-start-stop';
