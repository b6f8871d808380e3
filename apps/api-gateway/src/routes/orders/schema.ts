import { OrderId } from '@orderly/contracts';
import { z } from 'zod';

export const OrderParams = z.object({ orderId: OrderId });
