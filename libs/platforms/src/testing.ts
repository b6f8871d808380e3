export { appSecret, buildOrder, buildRefund, buildRequest } from './testing/shopify-deliveries';
