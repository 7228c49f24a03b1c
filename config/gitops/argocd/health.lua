-- The health of an EdgeIngress for Argo CD: what the condition Ready says of the spec as it is.
local waiting = { -- Reasons for which Ready is False that Kubernetes or the load balancer usually ends by itself.
  ControllersMissing = true,
  EdgeNodesWithoutEndpoint = true,
  LoadBalancerPending = true,
}
local health = { status = "Progressing", message = "The operator has not looked at this spec yet." }
local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return health
end
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" then
    health.message = condition.message
    if condition.status == "True" then
      health.status = "Healthy"
    elseif condition.reason == "OperatorTooOld" or (condition.status == "False" and not waiting[condition.reason]) then
      health.status = "Degraded"
    end
  end
end
return health
