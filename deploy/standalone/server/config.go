package server

import (
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// clusterName is stored in the database on the first start and can never change after it.
const clusterName = "active"

func serverOptions(a addresses, db database, log logger) []temporal.ServerOption {
	return []temporal.ServerOption{
		temporal.WithConfig(serverConfig(a, db)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(map[primitives.ServiceName]static.Hosts{
			primitives.FrontendService: static.SingleLocalHost(a.frontend.dial()),
			primitives.HistoryService:  static.SingleLocalHost(a.history.dial()),
			primitives.MatchingService: static.SingleLocalHost(a.matching.dial()),
			primitives.WorkerService:   static.SingleLocalHost(a.worker.dial()),
		}),
		temporal.WithLogger(log),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(dynamicConfig()),
	}
}

func serverConfig(a addresses, db database) *config.Config {
	off := config.ArchivalNamespaceDefaults{
		History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
		Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
	}
	return &config.Config{
		Persistence: config.Persistence{
			DefaultStore:    "sqlite",
			VisibilityStore: "sqlite",
			// Fixed for the life of a database. SQLite has one writer, so more shards would only cost.
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{"sqlite": {SQL: db.config()}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: a.frontend.dial()},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		// No service has an HTTP port: clients and the Web UI speak gRPC.
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(a.frontend),
			string(primitives.HistoryService):  service(a.history),
			string(primitives.MatchingService): service(a.matching),
			string(primitives.WorkerService):   service(a.worker),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: off},
		PublicClient:      config.PublicClient{HostPort: a.frontend.dial()},
	}
}

func service(a Address) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: a.Port, BindOnIP: a.IP}}
}

// dynamicConfig fits the server to one host.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// The server would send its version and the SDKs in use to its makers once a day.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
		// Ten list calls a second is what one open page of the Web UI may need by itself.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// Partitions spread a queue over many matching hosts. On one host pollers are only passed from
		// one to the next, which is 40 % of what an idle server uses.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// Each step of a run takes a read of its shard's queue. Twenty reads a second are meant for
		// thousands of shards over one database; on one shard they make a short run wait 70 ms of 95.
		dynamicconfig.TransferProcessorMaxPollRPS.Key(): 200,
		// A run that waits for days is read again when something happens to it, rather than held: by default
		// 128,000 of them are, at 0.1 MB each. Calls that are at work at one time need an entry each.
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 256,
		// Events for other clusters; there are none.
		dynamicconfig.XDCCacheMaxSizeBytes.Key(): 64 << 10,
	}
}
