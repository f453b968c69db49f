// SPDX-License-Identifier: Apache-2.0
// Made by dashboards/mixin/generate.py.
{
  'coldspan-agent.json': import '../boards/coldspan-agent.json',
  'coldspan-anatomy.json': import '../boards/coldspan-anatomy.json',
  'coldspan-cost.json': import '../boards/coldspan-cost.json',
  'coldspan-fleet.json': import '../boards/coldspan-fleet.json',
  'coldspan-function.json': import '../boards/coldspan-function.json',
  'coldspan-traces.json': import '../boards/coldspan-traces.json',
}
