/* global SwaggerUIBundle, document */
SwaggerUIBundle({
  url: new URL('openapi.json', document.baseURI).pathname,
  dom_id: '#reference',
  deepLinking: true,
  filter: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  defaultModelRendering: 'example',
  displayRequestDuration: true,
  // A key is a secret: it is gone when the page is.
  persistAuthorization: false,
  // No badge that would send the document's address to a server of somebody else.
  validatorUrl: null,
});
