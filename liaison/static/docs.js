"use strict";
// Shows the OpenAPI document of this very server.
const place = document.getElementById("docs");
SwaggerUIBundle({ url: place.dataset.spec, domNode: place, deepLinking: true, validatorUrl: null });
