"use strict";
const receipt = {};
