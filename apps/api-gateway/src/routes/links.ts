/** Paths of the API's resources. Producers choose ids and sources freely, so both are escaped. */
export const links = {
  event: (source: string, id: string): string => `/v1/events/${encodeURIComponent(source)}/${encodeURIComponent(id)}`,
  order: (orderId: string): string => `/v1/orders/${encodeURIComponent(orderId)}`,
  timeline: (orderId: string): string => `/v1/orders/${encodeURIComponent(orderId)}/timeline`,
  operation: (id: string): string => `/v1/operations/${id}`,
  job: (id: string): string => `/v1/jobs/${id}`,
};
