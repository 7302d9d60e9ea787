#pragma once

// Networks: what a module is, the layers, and their starting values.

#include "weft/nn/init.h"
#include "weft/nn/layers.h"
#include "weft/nn/module.h"
