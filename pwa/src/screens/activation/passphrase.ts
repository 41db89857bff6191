/** Six everyday words: 50 bits, as the CNIL asks where tries are limited, and a child can copy them. */
const words = (
  'abeille,abricot,accordeon,affiche,agneau,aigle,aiguille,album,algue,allumette,amande,ampoule,ananas,ancre,' +
  'antenne,arbre,argile,armoire,arrosoir,artiste,assiette,astre,atelier,aurore,autruche,avion,avocat,bague,' +
  'baguette,balai,balcon,baleine,ballon,bambou,banane,barbe,barque,basket,bateau,bateleur,berger,beurre,bijou,' +
  'biscuit,bison,blouse,bobine,bocal,bonbon,bonnet,bougie,boulanger,bouquet,boussole,bouton,bracelet,branche,' +
  'brebis,brioche,brique,brosse,brouillard,buffle,buisson,bulle,cabane,cactus,cadeau,cafe,cahier,caillou,' +
  'calendrier,calme,camarade,camion,canard,canoe,carnaval,carnet,carotte,carte,cascade,casque,casserole,castor,' +
  'ceinture,cercle,cerf,cerise,chaise,chalet,chameau,chanson,chapeau,chariot,chaton,chaussette,chemin,chemise,' +
  'cheval,chocolat,chouette,cigale,cinema,cirque,citron,classe,clavier,clef,cloche,clown,coccinelle,coffre,' +
  'colibri,collier,colline,comete,compas,concert,confiture,copain,coquelicot,coquille,corail,corbeau,costume,' +
  'coton,couleur,cravate,crayon,crevette,crocodile,croissant,cubes,cuisine,cygne,danse,dauphin,dauphine,dessin,' +
  'disque,docteur,domino,dragon,drapeau,echarpe,echelle,eclair,ecran,ecureuil,elephant,enveloppe,epice,eponge,' +
  'escalier,escargot,etoile,eventail,fable,facteur,falaise,fanfare,farine,faucon,fauteuil,fenetre,ferme,fete,' +
  'feuille,ficelle,figue,filet,flamant,flamme,fleur,fleuve,flocon,flute,fontaine,foret,fourmi,fraise,framboise,' +
  'fromage,fusee,galaxie,galet,gant,gare,gateau,gazelle,girafe,glace,gobelet,gomme,grenier,grenouille,grillon,' +
  'groseille,guepard,guirlande,guitare,hamac,haricot,harpe,herbe,herisson,hibou,hippocampe,hirondelle,horloge,' +
  'huitre,igloo,ile,image,iris,jardin,jongleur,jonquille,journal,jumelles,jupe,kayak,kiwi,koala,lagune,laine,' +
  'lampe,lapin,lavande,lettre,lezard,libellule,librairie,lierre,lilas,limace,lion,logis,loupe,loutre,luge,lune,' +
  'lutin,machine,maison,mandarine,manege,mangue,marche,marin,marmotte,marron,matelas,meduse,melon,menthe,merle,' +
  'miel,mimosa,miroir,moineau,montagne,mouette,moulin,mousse,mouton,muguet,musee,nacre,navire,nectar,neige,nid,' +
  'noisette,noix,nougat,nuage,oasis,ocean,oiseau,olive,ombre,opera,orage,orange,orchestre,orchidee,otarie,ours,' +
  'palmier,pamplemousse,panda,panier,papillon,parasol,parfum,partition,pasteque,patin,peinture,pelican,pelote,' +
  'perle,persil,petale,phare,phoque,photo,piano,pigeon,pinceau,pingouin,pirate,planete,plume,poire,poisson,' +
  'pomme,pont,potager,poulain,prairie,puits,puzzle,radeau,radis,raisin,rame,renard,riviere,robot,rocher,roseau,' +
  'ruban,sable,sapin,sardine,savon,sentier,serrure,sirop,souris,sucre,tambour,tapis,tasse,terrasse,theatre,' +
  'tigre,tilleul,tomate,tortue,toupie,train,trefle,tresor,trompette,tulipe,tunnel,valise,vanille,velo,vent,' +
  'verger,violon,voile,volcan,wagon,yaourt,zebre'
).split(',')

export function passphrase(count = 6): string {
  return Array.from({ length: count }, () => words[below(words.length)]).join(' ')
}

/** A number in [0, n), all equally likely. */
function below(n: number): number {
  const limit = Math.floor(2 ** 32 / n) * n
  const draw = new Uint32Array(1)
  do crypto.getRandomValues(draw)
  while ((draw[0] ?? 0) >= limit)
  return (draw[0] ?? 0) % n
}
