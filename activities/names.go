package activities

// The names of all activities, by which workflows and starter call them, beside KeptKinds. They are in histories: a name
// is never given to another thing. Those of a struct of this package are those of its methods, so that the method may
// stand for it. A method that has several names, as Keep, has another itself: the SDK takes the name of a method for the
// last that it was registered by, also where a workflow calls by the name.
const (
	// About the host's operations: activities/operations does them.
	ActOperation   = "Act"
	ReadProbes     = "ReadProbes"
	WatchCondition = "Watch"

	// About runbooks and those who speak to them.
	LoadRunbook           = "LoadRunbook"
	PlanRunbook           = "PlanRunbook"
	Evaluate              = "Evaluate"
	KeepLater             = "KeepLater"
	ActedSince            = "ActedSince"
	ActedSinceLater       = "ActedSinceLater"
	Notify                = "Notify"
	PageNotice            = "PageNotice"
	PostNotice            = "PostNotice"
	Whisper               = "Whisper"
	WhoIs                 = "WhoIs"
	UseStart              = "UseStart"
	KnownSearchAttributes = "KnownSearchAttributes"

	// About the ledger.
	KeepServiceAsk = "KeepServiceAsk"
	KeepServiceRun = "KeepServiceRun"
	ReadEntries    = "ReadEntries"
	VerifyLedger   = "VerifyLedger"

	// About the containers of services.
	ConfiguredWith  = "ConfiguredWith"
	ListServices    = "ListServices"
	ServiceStats    = "ServiceStats"
	PlanScale       = "PlanScale"
	PlanRestart     = "PlanRestart"
	StartReplicas   = "StartReplicas"
	UndoStart       = "UndoStart"
	StopReplicas    = "StopReplicas"
	StartAgain      = "StartAgain"
	RemoveReplicas  = "RemoveReplicas"
	AwaitReady      = "AwaitReady"
	CheckHealthy    = "CheckHealthy"
	ObserveReplicas = "ObserveReplicas"
	MissingReplicas = "MissingReplicas"
	DrainReplicas   = "DrainReplicas"
	ResumeReplicas  = "ResumeReplicas"
	RouteReplicas   = "RouteReplicas"

	// About the host's GPUs.
	ReserveVRAM = "ReserveVRAM"
	SettleVRAM  = "SettleVRAM"
	ReleaseGPUs = "ReleaseGPUs"
	ResumeGPUs  = "ResumeGPUs"
)
